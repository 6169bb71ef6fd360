-- What it holds since there are spaces: instances of every kind, by their name. Rows and running operations stay.
ALTER TABLE "tenants" RENAME TO "instances";--> statement-breakpoint
ALTER TABLE "instances" RENAME CONSTRAINT "tenants_kind_project_name_pk" TO "instances_kind_project_name_pk";--> statement-breakpoint
ALTER TABLE "operations" RENAME COLUMN "tenant_cluster" TO "name";
