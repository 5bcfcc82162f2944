"""What all services stand on; it knows no word of any one of them."""
