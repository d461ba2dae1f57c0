"""The public record as council information systems read it: OParl 1.1."""
