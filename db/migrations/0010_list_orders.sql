DROP INDEX "audit_events_time";--> statement-breakpoint
DROP INDEX "audit_events_user";--> statement-breakpoint
DROP INDEX "audit_events_project";--> statement-breakpoint
DROP INDEX "operations_history";--> statement-breakpoint
CREATE INDEX "operations_project" ON "operations" USING btree ("project","sequence");--> statement-breakpoint
CREATE INDEX "operations_sequence" ON "operations" USING btree ("sequence");--> statement-breakpoint
CREATE INDEX "operations_state" ON "operations" USING btree ("state","sequence");--> statement-breakpoint
CREATE INDEX "operations_actor" ON "operations" USING btree ("actor","sequence");--> statement-breakpoint
CREATE INDEX "audit_events_time" ON "audit_events" USING btree ("received_at","id");--> statement-breakpoint
CREATE INDEX "audit_events_user" ON "audit_events" USING btree ("user","received_at","id");--> statement-breakpoint
CREATE INDEX "audit_events_project" ON "audit_events" USING btree ("project","received_at","id");--> statement-breakpoint
CREATE INDEX "operations_history" ON "operations" USING btree ("project","name","sequence");