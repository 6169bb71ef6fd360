CREATE TABLE "audit_events" (
	"id" uuid PRIMARY KEY NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"stage" text NOT NULL,
	"level" text NOT NULL,
	"user" text,
	"impersonated_user" text,
	"credential_kind" text,
	"credential_name" text,
	"source_address" text,
	"user_agent" text,
	"method" text NOT NULL,
	"verb" text NOT NULL,
	"path_kind" text NOT NULL,
	"path" text NOT NULL,
	"project" text,
	"tenant_cluster" text,
	"cluster" text,
	"api_group" text,
	"resource" text,
	"subresource" text,
	"namespace" text,
	"name" text,
	"code" integer,
	"reason" text,
	"latency_ms" integer,
	"operation_id" uuid,
	"lost" integer,
	"request_body" jsonb,
	"response_body" jsonb
);
--> statement-breakpoint
CREATE INDEX "audit_events_time" ON "audit_events" USING btree ("received_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "audit_events_user" ON "audit_events" USING btree ("user","received_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "audit_events_project" ON "audit_events" USING btree ("project","received_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "audit_events_operation" ON "audit_events" USING btree ("operation_id");