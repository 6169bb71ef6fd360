import { type ReactNode, useCallback, useState } from 'react';
import type { InstanceName } from '../../server/instances.ts';
import { DeleteDialog } from './delete-dialog.tsx';
import { beginAction, type InstanceAction } from './instance-action.ts';
import { SleepDialog } from './sleep-dialog.tsx';
import { useActionNotifications } from './use-notifications.tsx';

/** Starts an action: asks first where that is due. */
export type StartAction = (action: InstanceAction, target: InstanceName) => void;

/**
 * How to start actions, and their dialog, to be shown once on the page: one for all rows of a list.
 * What was accepted or refused is told at the edge of the page.
 */
export function useInstanceActions(): { readonly start: StartAction; readonly dialog: ReactNode } {
  const [asked, setAsked] = useState<{ action: InstanceAction; target: InstanceName }>();
  const { accepted, refused } = useActionNotifications();

  const start = useCallback<StartAction>(
    (action, target) => {
      if (action === 'sleep' || action === 'delete') return setAsked({ action, target });
      beginAction(action, target).then(
        (operation) => accepted(action, target.name, operation),
        (error: unknown) => refused(action, target.name, error as Error),
      );
    },
    [accepted, refused],
  );
  if (asked === undefined) return { start, dialog: null };

  const { action, target } = asked;
  const Dialog = action === 'sleep' ? SleepDialog : DeleteDialog;
  const dialog = (
    <Dialog
      key={`${action}/${target.kind}/${target.project}/${target.name}`}
      target={target}
      onClose={() => setAsked(undefined)}
      onAccepted={(operation) => accepted(action, target.name, operation)}
    />
  );
  return { start, dialog };
}
