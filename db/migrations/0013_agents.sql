CREATE TABLE "agent_join_keys" (
	"key_hash" text PRIMARY KEY NOT NULL,
	"cluster_uid" text NOT NULL,
	"cluster" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone,
	"used_by_hash" text,
	"refused_at" timestamp with time zone,
	"refused_reason" text
);
--> statement-breakpoint
CREATE TABLE "agent_tunnels" (
	"id" uuid PRIMARY KEY NOT NULL,
	"cluster_uid" text NOT NULL,
	"cluster" text NOT NULL,
	"gateway" text NOT NULL,
	"address" text NOT NULL,
	"generation" bigint NOT NULL,
	"slot" integer NOT NULL,
	"opened_at" timestamp with time zone DEFAULT now() NOT NULL,
	"renewed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "agents" (
	"cluster_uid" text PRIMARY KEY NOT NULL,
	"cluster" text NOT NULL,
	"join_id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"kube_system_uid" text NOT NULL,
	"credential_hash" text NOT NULL,
	"next_credential_hash" text,
	"generation" bigint DEFAULT 0 NOT NULL,
	"agent_version" text NOT NULL,
	"kubernetes_version" text,
	"joined_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "agent_join_keys_cluster_uid" ON "agent_join_keys" USING btree ("cluster_uid");--> statement-breakpoint
CREATE INDEX "agent_tunnels_cluster_uid" ON "agent_tunnels" USING btree ("cluster_uid");--> statement-breakpoint
CREATE INDEX "agent_tunnels_gateway" ON "agent_tunnels" USING btree ("gateway");--> statement-breakpoint
CREATE UNIQUE INDEX "agents_kube_system_uid" ON "agents" USING btree ("kube_system_uid");--> statement-breakpoint
CREATE UNIQUE INDEX "agents_credential_hash" ON "agents" USING btree ("credential_hash");--> statement-breakpoint
CREATE UNIQUE INDEX "agents_next_credential_hash" ON "agents" USING btree ("next_credential_hash");--> statement-breakpoint
-- Changes of agents that others wait for are told to who listens on `agents_changed`: the payload is the uid of the Cluster.
CREATE FUNCTION notify_agents_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('agents_changed', coalesce(NEW.cluster_uid, OLD.cluster_uid));
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER agents_changed AFTER INSERT OR DELETE ON agents FOR EACH ROW EXECUTE FUNCTION notify_agents_changed();
--> statement-breakpoint
CREATE TRIGGER agents_replaced AFTER UPDATE ON agents FOR EACH ROW
  WHEN (OLD.generation <> NEW.generation OR OLD.credential_hash <> NEW.credential_hash) EXECUTE FUNCTION notify_agents_changed();
--> statement-breakpoint
CREATE TRIGGER agent_tunnels_changed AFTER INSERT OR DELETE ON agent_tunnels FOR EACH ROW EXECUTE FUNCTION notify_agents_changed();
--> statement-breakpoint
CREATE TRIGGER agent_joins_refused AFTER UPDATE ON agent_join_keys FOR EACH ROW
  WHEN (OLD.refused_reason IS DISTINCT FROM NEW.refused_reason) EXECUTE FUNCTION notify_agents_changed();
