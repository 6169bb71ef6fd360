import { Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { Draft } from './draft.ts';
import type { FieldKey } from './refusal.ts';

/** What every section of the form is given. */
export interface SectionProps {
  readonly kind: ManagedKind;
  readonly project: string;
  readonly draft: Draft;
  readonly change: (draft: Draft) => void;
  readonly faults: Readonly<Partial<Record<FieldKey, string>>>;
}

/** A part of the form with its heading. */
export function FormSection({ title, why, children }: { title: string; why?: string; children: ReactNode }) {
  return (
    <Stack gap="sm" component="section" aria-label={title}>
      <div>
        <Title order={2}>{title}</Title>
        {why !== undefined && (
          <Text size="sm" c="dimmed">
            {why}
          </Text>
        )}
      </div>
      {children}
    </Stack>
  );
}
