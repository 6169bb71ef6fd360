CREATE TABLE "instance_activity" (
	"uid" text PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"recorded_at" timestamp with time zone NOT NULL,
	"subject" text NOT NULL,
	"host" text DEFAULT '' NOT NULL,
	"verb" text DEFAULT '' NOT NULL,
	"api_group" text DEFAULT '' NOT NULL,
	"resource" text DEFAULT '' NOT NULL,
	"subresource" text DEFAULT '' NOT NULL,
	"name" text DEFAULT '' NOT NULL,
	"user_agent" text DEFAULT '' NOT NULL
);
