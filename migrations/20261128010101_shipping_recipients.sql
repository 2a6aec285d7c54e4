-- Whether the carrier gets a recipient, which shipping looks up when it calls the carrier: it keeps no copy.
ALTER TABLE shipping.bookings ADD COLUMN has_recipient boolean NOT NULL DEFAULT false;
