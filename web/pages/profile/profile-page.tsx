import { Button, Grid, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { leave } from '../../components/leave.ts';
import { AccountPermissions } from '../../components/account-permissions.tsx';
import { Facts } from '../../components/facts.tsx';
import { ButtonLink } from '../../components/links.tsx';
import { Loaded, PageHead } from '../../components/page-states.tsx';
import { type Self, selfQuery } from '../../server/permissions.ts';
import { loginMethodsQuery } from '../../server/platform.ts';
import { profileText as text } from '../../text/profile.ts';
import { PasswordDialog } from './password-dialog.tsx';

/** Who the caller is to the platform, and what they may. */
export default function ProfilePage() {
  const self = useQuery(selfQuery);
  const hasPasswords = useQuery(loginMethodsQuery).data?.password.enabled === true;
  const [isOpen, setIsOpen] = useState(false);
  const name = self.data?.user?.name;
  return (
    <>
      <PageHead title={text.title}>
        {hasPasswords && name !== undefined && (
          <Button variant="default" onClick={() => setIsOpen(true)}>
            {text.password.action}
          </Button>
        )}
      </PageHead>
      <Loaded query={self}>
        {(found) => (
          <Grid gap="xl">
            <Grid.Col span={{ base: 12, md: 6 }}>
              <Stack gap="xl">
                <Who self={found} />
                <ThisBrowser self={found} />
              </Stack>
            </Grid.Col>
            <Grid.Col span={{ base: 12, md: 6 }}>
              {name !== undefined && <AccountPermissions plural="users" name={name} isOwn />}
            </Grid.Col>
          </Grid>
        )}
      </Loaded>
      {isOpen && name !== undefined && <PasswordDialog name={name} onClose={() => setIsOpen(false)} />}
    </>
  );
}

function Who({ self: { user, subject, groups } }: { self: Self }) {
  return (
    <Stack gap="xs" component="section" aria-labelledby="profile-facts">
      <Title order={2} id="profile-facts">
        {text.facts}
      </Title>
      <Facts
        facts={[
          [text.name, user?.name],
          [text.displayName, user?.displayName],
          [text.email, user?.email],
          [text.teams, user?.teams.map((team) => team.displayName || team.name).join(', ')],
          [text.subject, subject],
          [text.groups, groups.join(', ')],
        ]}
      />
    </Stack>
  );
}

function ThisBrowser({ self: { subject } }: { self: Self }) {
  return (
    <Stack gap="xs" component="section" aria-labelledby="profile-session">
      <Title order={2} id="profile-session">
        {text.session}
      </Title>
      <Text size="sm">{text.sessionWhy}</Text>
      <Group gap="xs">
        <ButtonLink variant="default" size="xs" to="/access-keys">
          {text.keys}
        </ButtonLink>
        <ButtonLink variant="default" size="xs" to="/audit" search={{ user: subject }}>
          {text.audit}
        </ButtonLink>
        <Button variant="default" size="xs" onClick={leave}>
          {text.signOut}
        </Button>
      </Group>
    </Stack>
  );
}
