"""Records as EC2 describes them."""
