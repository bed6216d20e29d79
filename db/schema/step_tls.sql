-- SPDX-License-Identifier: ISC
-- What is known of TLS in a session. All are NULL where there was none, and most where it is not
-- known: in TLS 1.3 much of the handshake is encrypted.
ALTER TABLE sessions ADD COLUMN tls_suite TEXT; -- cipher suite, by its name in the registry of IANA
ALTER TABLE sessions ADD COLUMN tls_group TEXT; -- group of the key exchange
ALTER TABLE sessions ADD COLUMN tls_alpn TEXT; -- the protocol agreed on for what is inside
ALTER TABLE sessions ADD COLUMN tls_handshake TEXT; -- full, or resumed from an earlier session
ALTER TABLE sessions ADD COLUMN tls_certificate TEXT; -- of the client: not asked for, asked for, given
ALTER TABLE sessions ADD COLUMN tls_alerts TEXT; -- alerts by sender and name: "S handshake failure, C close notify"
ALTER TABLE sessions ADD COLUMN tls_closed TEXT; -- who ended it with close_notify: both client server neither
ALTER TABLE sessions ADD COLUMN tls_failure TEXT; -- why the handshake failed
ALTER TABLE sessions ADD COLUMN tls_hidden TEXT; -- why what is inside was not read; NULL: it was
ALTER TABLE sessions ADD COLUMN tls_records_client INTEGER; -- of tls_records those of the client
ALTER TABLE sessions ADD COLUMN tls_octets_client INTEGER; -- in the client's records, without their headers
ALTER TABLE sessions ADD COLUMN tls_octets_server INTEGER; -- in the server's
ALTER TABLE sessions ADD COLUMN tls_idle_us INTEGER; -- the longest time between two records, in microseconds
