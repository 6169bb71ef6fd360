CREATE TABLE "operation_steps" (
	"operation_id" uuid NOT NULL,
	"key" text NOT NULL,
	"position" integer NOT NULL,
	"title" text NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"message" text,
	"undo" text NOT NULL,
	"expected_ms" integer NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "operation_steps_operation_id_key_pk" PRIMARY KEY("operation_id","key")
);
--> statement-breakpoint
CREATE TABLE "operations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"sequence" bigserial NOT NULL,
	"type" text NOT NULL,
	"project" text NOT NULL,
	"tenant_cluster" text NOT NULL,
	"uid" text NOT NULL,
	"state" text DEFAULT 'queued' NOT NULL,
	"actor" text NOT NULL,
	"request_id" text,
	"idempotency_key" text NOT NULL,
	"target_hash" text,
	"parameters" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"cluster" text,
	"reason" text,
	"message" text,
	"result" jsonb,
	"expected_ms" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"cancel_requested_at" timestamp with time zone,
	"cancel_requested_by" text
);
--> statement-breakpoint
CREATE TABLE "snapshots" (
	"project" text NOT NULL,
	"tenant_cluster" text NOT NULL,
	"name" text NOT NULL,
	"state" text DEFAULT 'creating' NOT NULL,
	"operation_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"size_bytes" bigint,
	"sha256" text,
	"revision" bigint,
	"total_keys" integer,
	"kubernetes_version" text,
	CONSTRAINT "snapshots_project_tenant_cluster_name_pk" PRIMARY KEY("project","tenant_cluster","name")
);
--> statement-breakpoint
CREATE TABLE "tenants" (
	"project" text NOT NULL,
	"name" text NOT NULL,
	"uid" text NOT NULL,
	"cluster" text,
	"host_namespace" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tenants_project_name_pk" PRIMARY KEY("project","name")
);
--> statement-breakpoint
ALTER TABLE "operation_steps" ADD CONSTRAINT "operation_steps_operation_id_operations_id_fk" FOREIGN KEY ("operation_id") REFERENCES "public"."operations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "operations_idempotency_key" ON "operations" USING btree ("project","tenant_cluster","idempotency_key");--> statement-breakpoint
CREATE UNIQUE INDEX "operations_one_running" ON "operations" USING btree ("project","tenant_cluster") WHERE state = 'running';--> statement-breakpoint
CREATE INDEX "operations_open" ON "operations" USING btree ("project","tenant_cluster","sequence") WHERE state in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "operations_history" ON "operations" USING btree ("project","tenant_cluster","sequence" DESC NULLS LAST);