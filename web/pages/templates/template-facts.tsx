import type { ManagedKind } from '../../../contracts/kinds.ts';
import type { Access } from '../../../contracts/resources/access.ts';
import type { ManagedTemplate } from '../../../contracts/resources/resource-kinds.ts';
import { Age } from '../../components/age.tsx';
import { Facts } from '../../components/facts.tsx';
import { templatesText as text } from '../../text/templates.ts';

/** What is known of a template besides its versions. */
export function TemplateFacts({
  kind,
  template: { metadata, spec = {} },
}: {
  kind: ManagedKind;
  template: ManagedTemplate;
}) {
  const { owner, access = [], clusterRef, clusterSelector } = spec;
  return (
    <Facts
      facts={[
        [text.name, metadata.name],
        [text.kind, text.kinds[kind]],
        [text.owner, owner?.user ? text.user(owner.user) : owner?.team ? text.team(owner.team) : undefined],
        [text.placedIn, clusterRef?.cluster],
        [text.placedWhere, selectorText(clusterSelector?.matchLabels)],
        [text.access, access.length === 0 ? text.nobodyElse : access.map(accessText).join('; ')],
        [text.created, <Age key="created" at={metadata.creationTimestamp} />],
      ]}
    />
  );
}

function selectorText(labels: Readonly<Record<string, string>> | undefined): string | undefined {
  return (
    labels &&
    Object.entries(labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ')
  );
}

function accessText({ verbs = [], users = [], teams = [] }: Access): string {
  const who = [
    ...users.map((name) => (name === '*' ? text.everybody : text.user(name))),
    ...teams.map((name) => (name === '*' ? text.everybody : text.team(name))),
  ];
  return text.accessOf(verbs.join(', '), who.join(', '));
}
