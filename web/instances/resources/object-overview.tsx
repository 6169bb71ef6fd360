import { Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Age } from '../../components/age.tsx';
import { Facts } from '../../components/facts.tsx';
import { exactTime } from '../../components/time.ts';
import { type AnyObject, type ObjectAt, type ObjectType, typeName } from '../../server/kubernetes-objects.ts';
import type { TenantApi } from '../../server/tenant-api.ts';
import { discoveryQuery, typeOfKind } from '../../server/tenant-discovery.ts';
import { resourcesText as text } from '../../text/resources.ts';
import { Conditions } from './conditions.tsx';
import { DataValues } from './data-values.tsx';
import { configMaps, nodes, pods, secrets } from './kinds.ts';
import { ObjectEvents } from './object-events.tsx';
import { ObjectLink } from './object-link.tsx';
import { PodContainers } from './pod-containers.tsx';

/** What an object is, in facts; how it is, in its conditions and events. */
export function ObjectOverview({ api, at, object }: { api: TenantApi; at: ObjectAt; object: AnyObject }) {
  const name = typeName(at.type);
  return (
    <Stack gap="lg">
      <ObjectFacts api={api} object={object} />
      {name === typeName(pods) && <PodContainers pod={object} />}
      {name === typeName(secrets) && <DataValues object={object} isSecret />}
      {name === typeName(configMaps) && <DataValues object={object} />}
      <Conditions object={object} />
      <ObjectEvents api={api} object={object} />
    </Stack>
  );
}

function ObjectFacts({ api, object }: { api: TenantApi; object: AnyObject }) {
  const { metadata, spec, status } = object;
  const { creationTimestamp, uid, labels = {}, annotations = {}, ownerReferences = [], namespace } = metadata;
  const discovered = useQuery(discoveryQuery(api)).data ?? [];
  const { nodeName } = (spec ?? {}) as { nodeName?: unknown };
  const { podIP } = (status ?? {}) as { podIP?: unknown };
  return (
    <Facts
      facts={[
        [
          text.created,
          creationTimestamp === undefined ? undefined : (
            <>
              <Age at={creationTimestamp} /> · {exactTime(Date.parse(creationTimestamp))}
            </>
          ),
        ],
        [
          text.owner,
          ownerReferences.length === 0
            ? undefined
            : ownerReferences.map((owner) => (
                <Owner
                  key={`${owner.kind}/${owner.name}`}
                  owner={owner}
                  type={typeOfKind(discovered, owner)}
                  namespace={namespace}
                />
              )),
        ],
        [
          text.node,
          typeof nodeName !== 'string' ? undefined : api.onlyNamespace === undefined ? (
            <ObjectLink type={nodes} name={nodeName} />
          ) : (
            nodeName
          ),
        ],
        [text.podIp, typeof podIP === 'string' ? podIP : undefined],
        [text.labels, pairs(labels)],
        [text.annotations, pairs(withoutValues(annotations))],
        [text.uid, uid],
      ]}
    />
  );
}

function Owner({
  owner: { kind, name },
  type,
  namespace,
}: {
  owner: { readonly kind: string; readonly name: string };
  type: ObjectType | undefined;
  namespace: string | undefined;
}) {
  if (type === undefined)
    return (
      <div>
        {kind} {name}
      </div>
    );
  return (
    <div>
      <ObjectLink type={type} namespace={type.isNamespaced ? namespace : undefined} name={name}>
        {kind} {name}
      </ObjectLink>
    </div>
  );
}

/** kubectl keeps the whole object there, the values of a Secret too. */
function withoutValues(annotations: Readonly<Record<string, string>>): Record<string, string> {
  const applied = 'kubectl.kubernetes.io/last-applied-configuration';
  return { ...annotations, ...(applied in annotations ? { [applied]: text.hiddenAnnotation } : {}) };
}

function pairs(values: Readonly<Record<string, string>>): ReactNode {
  const entries = Object.entries(values);
  if (entries.length === 0) return undefined;
  return entries.map(([key, value]) => (
    <div key={key}>
      <Text span inherit c="dimmed">
        {key}:
      </Text>{' '}
      {value}
    </div>
  ));
}
