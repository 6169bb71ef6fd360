CREATE TABLE "session_key" (
	"key" text PRIMARY KEY NOT NULL
);
--> statement-breakpoint
-- Two random uuids are 244 random bits. Sessions of before are not signed: who holds one logs in again.
INSERT INTO "session_key" ("key") VALUES (gen_random_uuid()::text || gen_random_uuid()::text);
