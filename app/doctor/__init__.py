"""What an operator should mend, and how; looked for by `register doctor`."""
