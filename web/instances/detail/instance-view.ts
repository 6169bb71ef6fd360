import type { ReactNode } from 'react';
import type { ManagedInstance } from '../../../contracts/resources/resource-kinds.ts';
import type { InstanceName } from '../../server/instances.ts';

/** What the parts of the page of an instance show. */
export interface InstanceView {
  readonly target: InstanceName;
  readonly instance: ManagedInstance;
}

/** A part of the page; `value` stands in the address. */
export interface InstanceTab {
  readonly value: string;
  readonly label: string;
  readonly render: (view: InstanceView) => ReactNode;
}
