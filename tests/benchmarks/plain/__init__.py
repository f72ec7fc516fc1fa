"""R: the plain Django program the door is compared with. No middleware, no DRF, one HMAC, one row, one statement."""
