CREATE TABLE "instance_activity_hours" (
	"uid" text NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"first_at" timestamp with time zone NOT NULL,
	"last_at" timestamp with time zone NOT NULL,
	CONSTRAINT "instance_activity_hours_uid_hour_pk" PRIMARY KEY("uid","hour")
);
--> statement-breakpoint
CREATE INDEX "instance_activity_hours_hour" ON "instance_activity_hours" USING btree ("hour");--> statement-breakpoint
CREATE INDEX "operations_changes" ON "operations" USING btree ("finished_at") WHERE state = 'succeeded' and type in ('create', 'wake', 'sleep', 'delete');--> statement-breakpoint
CREATE INDEX "operations_changes_of" ON "operations" USING btree ("uid","finished_at") WHERE state = 'succeeded' and type in ('create', 'wake', 'sleep', 'delete');