import { lazy } from 'react';
import { instanceText as text } from '../../text/instance.ts';
import type { InstanceTab } from './instance-view.ts';
import { OperationsTab } from './operations-tab.tsx';
import { OverviewTab } from './overview-tab.tsx';

const AccessTab = lazy(() => import('./access/access-tab.tsx'));
const SleepTab = lazy(() => import('./sleep/sleep-tab.tsx'));
const YamlTab = lazy(() => import('./yaml-tab.tsx'));
const ResourcesTab = lazy(() => import('../resources/resources-tab.tsx'));

/** The parts that tenant clusters and spaces both have. */
export const tabs = {
  overview: { value: 'overview', label: text.overview, render: (view) => <OverviewTab {...view} /> },
  operations: { value: 'operations', label: text.operations, render: (view) => <OperationsTab {...view} /> },
  resources: {
    value: 'resources',
    label: text.resources,
    render: ({ target }) => <ResourcesTab target={target} />,
  },
  access: { value: 'access', label: text.access, render: (view) => <AccessTab {...view} /> },
  sleep: { value: 'sleep', label: text.sleep, render: (view) => <SleepTab {...view} /> },
  yaml: { value: 'yaml', label: text.yaml, render: (view) => <YamlTab {...view} /> },
} as const satisfies Record<string, InstanceTab>;
