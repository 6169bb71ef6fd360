-- Every change of an operation or its steps is told to who listens on `operation_changed`: the payload is the operation's id.
CREATE FUNCTION notify_operation_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'operations' THEN
    PERFORM pg_notify('operation_changed', NEW.id::text);
  ELSE
    PERFORM pg_notify('operation_changed', NEW.operation_id::text);
  END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER operations_changed AFTER INSERT OR UPDATE ON operations FOR EACH ROW EXECUTE FUNCTION notify_operation_changed();
--> statement-breakpoint
CREATE TRIGGER operation_steps_changed AFTER UPDATE ON operation_steps FOR EACH ROW EXECUTE FUNCTION notify_operation_changed();
