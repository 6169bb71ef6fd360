ALTER TABLE "audit_events" ADD COLUMN "source_tenant_cluster" text;--> statement-breakpoint
ALTER TABLE "audit_events" ADD COLUMN "source_uid" text;--> statement-breakpoint
DROP INDEX "operations_idempotency_key";--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "project_uid" text;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "actor_uid" text;--> statement-breakpoint
CREATE UNIQUE INDEX "operations_idempotency_key" ON "operations" USING btree ("kind","project","tenant_cluster","uid","idempotency_key");--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "user_uid" text;--> statement-breakpoint
ALTER TABLE "snapshots" ADD COLUMN "uid" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "snapshots" ADD COLUMN "project_uid" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "snapshots" ADD COLUMN "gone_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "snapshots" ADD COLUMN "file" text;--> statement-breakpoint
-- The operation that made it knows whose it is; what none made stays without a uid, for the platform's administrators only.
UPDATE "snapshots" SET "uid" = "operations"."uid" FROM "operations" WHERE "operations"."id" = "snapshots"."operation_id";--> statement-breakpoint
UPDATE "snapshots" SET "file" = "project" || '/' || "tenant_cluster" || '/' || "name" || '.vcps';--> statement-breakpoint
ALTER TABLE "snapshots" ALTER COLUMN "file" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "snapshots" DROP CONSTRAINT "snapshots_project_tenant_cluster_name_pk";--> statement-breakpoint
ALTER TABLE "snapshots" ADD CONSTRAINT "snapshots_project_tenant_cluster_uid_name_pk" PRIMARY KEY("project","tenant_cluster","uid","name");--> statement-breakpoint
CREATE INDEX "snapshots_operation" ON "snapshots" USING btree ("operation_id");
