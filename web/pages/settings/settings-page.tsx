import { Anchor, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Cluster } from '../../../contracts/resources/cluster.ts';
import { useIsAdministrator } from '../../components/use-is-administrator.ts';
import { Facts } from '../../components/facts.tsx';
import { Loaded, PageHead } from '../../components/page-states.tsx';
import { objectsQuery } from '../../server/objects.ts';
import { type LoginMethods, loginMethodsQuery, versionQuery } from '../../server/platform.ts';
import { settingsText as text } from '../../text/settings.ts';

/** How the platform is set up, to read. */
export default function SettingsPage() {
  const methods = useQuery(loginMethodsQuery);
  return (
    <>
      <PageHead title={text.title} />
      <Text c="dimmed" mb="lg" maw={720}>
        {text.what}
      </Text>
      <Stack gap="xl">
        <Section id="settings-login" title={text.login}>
          <Loaded query={methods} rows={2}>
            {(found) => <Login methods={found} />}
          </Loaded>
        </Section>
        <Section id="settings-versions" title={text.versions}>
          <Versions />
        </Section>
        <Section id="settings-links" title={text.links}>
          <Links />
        </Section>
      </Stack>
    </>
  );
}

function Section({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <Stack gap="xs" component="section" aria-labelledby={id}>
      <Title order={2} id={id}>
        {title}
      </Title>
      {children}
    </Stack>
  );
}

function Login({ methods: { password, sso } }: { methods: LoginMethods }) {
  return (
    <Facts
      facts={[
        [text.password, password.enabled ? text.passwordOn : text.passwordOff],
        [text.sso, sso.map(({ displayName }) => displayName).join(', ') || text.noSso],
      ]}
    />
  );
}

function Versions() {
  const version = useQuery(versionQuery);
  const { data: clusters = [] } = useQuery(objectsQuery('clusters'));
  return (
    <Loaded query={version} rows={2}>
      {(platform) => (
        <Facts
          facts={[
            [text.platform, platform],
            [text.agents, agentWords(clusters)],
            [text.address, location.origin],
          ]}
        />
      )}
    </Loaded>
  );
}

/** Which versions agents have, and of which clusters. */
function agentWords(clusters: readonly Cluster[]): string {
  const byVersion = Map.groupBy(
    clusters.filter(({ status }) => status?.agentVersion),
    ({ status }) => status?.agentVersion ?? '',
  );
  const words = [...byVersion].map(([version, all]) =>
    text.agentVersion(version, all.map(({ metadata }) => metadata.name).join(', ')),
  );
  return words.join('; ') || text.noAgents;
}

function Links() {
  const isAdministrator = useIsAdministrator();
  return (
    <Facts
      facts={[
        link('/api/v1/docs', text.apiReference, text.apiReferenceWhy),
        link('/api/v1/openapi.json', text.openApi, text.openApiWhy),
        link('/api/v1/errors', text.errors, text.errorsWhy),
        ...(isAdministrator ? [link('/temporal', text.temporal, text.temporalWhy)] : []),
      ]}
    />
  );
}

function link(href: string, name: string, why: string): readonly [string, ReactNode] {
  return [
    name,
    <Text key={href} span inherit>
      <Anchor href={href} target="_blank" rel="noreferrer" inherit>
        {href}
      </Anchor>
      {` – ${why}`}
    </Text>,
  ];
}
