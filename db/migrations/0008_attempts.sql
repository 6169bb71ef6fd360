ALTER TABLE "operations" ADD COLUMN "mark" jsonb;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "settled" boolean DEFAULT false NOT NULL;