-- SPDX-License-Identifier: ISC
-- Of very many refusals of one kind in one session only the first are kept, the rest is counted.
ALTER TABLE diagnoses ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0; -- further refusals of its kind after it in the session, which are counted and not kept
