ALTER TABLE "audit_events" ADD COLUMN "space" text;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "kind" text DEFAULT 'tenant' NOT NULL;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "kind" text DEFAULT 'tenant' NOT NULL;--> statement-breakpoint
DROP INDEX "operations_idempotency_key";--> statement-breakpoint
DROP INDEX "operations_one_running";--> statement-breakpoint
DROP INDEX "operations_open";--> statement-breakpoint
ALTER TABLE "tenants" DROP CONSTRAINT "tenants_project_name_pk";--> statement-breakpoint
ALTER TABLE "tenants" ADD CONSTRAINT "tenants_kind_project_name_pk" PRIMARY KEY("kind","project","name");--> statement-breakpoint
CREATE UNIQUE INDEX "operations_idempotency_key" ON "operations" USING btree ("kind","project","tenant_cluster","idempotency_key");--> statement-breakpoint
CREATE UNIQUE INDEX "operations_one_running" ON "operations" USING btree ("kind","project","tenant_cluster") WHERE state = 'running';--> statement-breakpoint
CREATE INDEX "operations_open" ON "operations" USING btree ("kind","project","tenant_cluster","sequence") WHERE state in ('queued', 'running');
