"""What the register's words mean in the vocabularies of others."""
