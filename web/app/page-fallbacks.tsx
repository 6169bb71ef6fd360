import { Stack, Text } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { ButtonLink } from '../components/links.tsx';
import { Failure, LoadingRows, PageHead } from '../components/page-states.tsx';
import { shellText as text } from '../text/shell.ts';

/** While the code of a page is loaded. */
export function PagePending() {
  return <LoadingRows />;
}

/** As browsers say that a part of the program could not be loaded. */
const isMissingFile = /dynamically imported module|importing a module script|preload CSS/i;

/** A page that failed to show. */
export function PageFailure({ error, reset }: ErrorComponentProps) {
  // An open page knows the files of the version that it is of; after an update there are others.
  if (isMissingFile.test(String(error)))
    return <Failure error={new Error(text.updated)} retry={() => location.reload()} />;
  return <Failure error={error instanceof Error ? error : new Error(String(error))} retry={reset} />;
}

/** An address that no page has. */
export function NotFoundPage() {
  return (
    <Stack align="flex-start">
      <PageHead title={text.pageNotFound} />
      <Text>{text.pageNotFoundWhy}</Text>
      <ButtonLink to="/">{text.toHome}</ButtonLink>
    </Stack>
  );
}
