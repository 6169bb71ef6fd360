import { Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Suspense } from 'react';
import type { ManagedKind } from '../../../contracts/kinds.ts';
import { usePageSearch } from '../../components/page-search.ts';
import { type InstanceName, instanceQuery } from '../../server/instances.ts';
import { RequestFailure } from '../../server/problem.ts';
import { instanceText as text } from '../../text/instance.ts';
import { Loaded, LoadingRows } from '../../components/page-states.tsx';
import { GoneInstance } from './gone-instance.tsx';
import { InstanceHead } from './instance-head.tsx';
import classes from './instance-page.module.css';
import type { InstanceTab, InstanceView } from './instance-view.ts';

/** The page of one tenant cluster or space: a head, and its parts as tabs. */
export function InstancePage({ kind, tabs }: { kind: ManagedKind; tabs: readonly InstanceTab[] }) {
  const { project = '', name = '' } = useParams({ strict: false });
  const target: InstanceName = { kind, project, name };
  const query = useQuery(instanceQuery(target));
  if (query.error instanceof RequestFailure && query.error.status === 404)
    return <GoneInstance target={target} />;
  return (
    <Loaded query={query} rows={8}>
      {(instance) => <Shown key={instance.metadata.uid} target={target} instance={instance} tabs={tabs} />}
    </Loaded>
  );
}

function Shown({ target, instance, tabs }: InstanceView & { tabs: readonly InstanceTab[] }) {
  const [{ tab }, change] = usePageSearch();
  const [first] = tabs;
  const shown = tabs.find(({ value }) => value === tab) ?? first;
  return (
    <>
      <InstanceHead target={target} instance={instance} />
      <Tabs
        value={shown?.value ?? null}
        onChange={(value) =>
          change({
            tab: value === null || value === first?.value ? undefined : value,
            namespace: undefined,
            resource: undefined,
            object: undefined,
            view: undefined,
            search: undefined,
            sort: undefined,
          })
        }
        keepMounted={false}
      >
        <Tabs.List className={classes['tabs']} aria-label={text.tabs} mb="lg">
          {tabs.map(({ value, label }) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {tabs.map(({ value, render }) => (
          <Tabs.Panel key={value} value={value}>
            <Suspense fallback={<LoadingRows />}>{render({ target, instance })}</Suspense>
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}
