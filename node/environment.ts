import type { V1Container, V1EnvFromSource, V1EnvVar } from '@kubernetes/client-node';
import { ContainerRefusal } from './images.ts';

/** Data of Secrets and ConfigMaps of the pod's namespace by name, decoded; absent ones are not in the maps. */
export interface NamespaceData {
  readonly secrets: ReadonlyMap<string, Readonly<Record<string, Buffer>>>;
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, Buffer>>>;
}

/**
 * `$(NAME)` replaced by its value; `$$` is a plain `$`, an unknown name stays as it is. As
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? match),
  );
}

/** Names of the Secrets and ConfigMaps that a container's environment refers to. */
export function environmentSources(container: V1Container): { secrets: string[]; configMaps: string[] } {
  const from = container.envFrom ?? [];
  const values = (container.env ?? []).map((variable) => variable.valueFrom);
  return {
    secrets: present([
      ...from.map((source) => source.secretRef?.name),
      ...values.map((value) => value?.secretKeyRef?.name),
    ]),
    configMaps: present([
      ...from.map((source) => source.configMapRef?.name),
      ...values.map((value) => value?.configMapKeyRef?.name),
    ]),
  };
}

/**
 * The variables of a container: envFrom first, then env in order, each seeing those before it.
 * @param readField value of a fieldRef or resourceFieldRef
 * @throws ContainerRefusal CreateContainerConfigError if something that is not optional is missing
 */
export function resolveEnvironment(
  container: V1Container,
  data: NamespaceData,
  readField: (source: NonNullable<V1EnvVar['valueFrom']>) => string,
): Map<string, string> {
  const variables = new Map((container.envFrom ?? []).flatMap((source) => allOf(source, data)));
  for (const variable of container.env ?? []) {
    const value =
      variable.valueFrom === undefined
        ? expandVariables(variable.value ?? '', variables)
        : valueFrom(variable.valueFrom, data, readField);
    if (value !== undefined) variables.set(variable.name, value);
  }
  return variables;
}

/** The variables of one envFrom. */
function allOf(source: V1EnvFromSource, data: NamespaceData): [string, string][] {
  const reference = source.secretRef ?? source.configMapRef;
  const kind = source.secretRef === undefined ? 'ConfigMap' : 'Secret';
  const entries = lookUp(data, kind, reference?.name ?? '', reference?.optional ?? false) ?? {};
  return Object.entries(entries).map(([key, value]) => [`${source.prefix ?? ''}${key}`, value.toString()]);
}

function valueFrom(
  source: NonNullable<V1EnvVar['valueFrom']>,
  data: NamespaceData,
  readField: (source: NonNullable<V1EnvVar['valueFrom']>) => string,
): string | undefined {
  const reference = source.secretKeyRef ?? source.configMapKeyRef;
  if (reference === undefined) return readField(source);
  const kind = source.secretKeyRef === undefined ? 'ConfigMap' : 'Secret';
  const optional = reference.optional ?? false;
  const value = lookUp(data, kind, reference.name ?? '', optional)?.[reference.key];
  if (value === undefined && !optional) {
    throw new ContainerRefusal(
      'CreateContainerConfigError',
      `${kind} ${reference.name} does not have the key ${reference.key}`,
    );
  }
  return value?.toString();
}

function lookUp(data: NamespaceData, kind: 'Secret' | 'ConfigMap', name: string, optional: boolean) {
  const found = (kind === 'Secret' ? data.secrets : data.configMaps).get(name);
  if (found === undefined && !optional)
    throw new ContainerRefusal('CreateContainerConfigError', `${kind} ${name} does not exist`);
  return found;
}

function present(names: (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))] as string[];
}
