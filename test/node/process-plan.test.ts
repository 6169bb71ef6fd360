import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Container } from '@kubernetes/client-node';
import { expandVariables } from '../../node/environment.ts';
import { ContainerRefusal, findImage } from '../../node/images.ts';
import { planProcess } from '../../node/process-plan.ts';

const images = { busybox: { bin: ['/bin', '/usr/bin'], tags: ['1.37', 'latest'], entrypoint: ['sh'] } };
const metadata = { name: 'p-0', namespace: 'ns', uid: 'u1', labels: { app: 'x' } };

function plan(
  container: Partial<V1Container>,
  more: { secrets?: Record<string, Record<string, string>> } = {},
) {
  const secrets = Object.entries(more.secrets ?? {}).map(
    ([name, data]) =>
      [
        name,
        Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value)])),
      ] as const,
  );
  const full = { name: 'c', image: 'busybox:1.37', ...container };
  return planProcess({
    pod: { metadata, spec: { nodeName: 'n1', serviceAccountName: 'robot', containers: [full] } },
    container: full,
    images,
    data: {
      secrets: new Map(secrets),
      configMaps: new Map([['cm', { k: Buffer.from('v'), path: Buffer.from('/data/z') }]]),
    },
    volumes: new Map([['data', '/host/vol/data']]),
    terminationMessageFile: '/host/run/termination-message',
    podAddress: '127.64.1.2',
    apiServer: { host: '127.0.0.1', port: '6443' },
    scratchDir: '/host/run/scratch',
  });
}

test('command, args and variables are expanded, then mount paths replaced', () => {
  const { argv, environment, workingDirectory } = plan({
    command: ['/usr/local/bin/sh', '-c', '$(DIR)/run $(MISSING) $$(DIR)'],
    args: ['--data-dir=$(DIR)', '--advertise=https://$(POD_IP):2379', '/dev/termination-log'],
    env: [
      { name: 'BASE', value: '/data' },
      { name: 'DIR', value: '$(BASE)/sub' },
      { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    ],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    workingDir: '/data/work',
  });
  assert.deepEqual(argv, [
    '/bin/sh',
    '-c',
    '/host/vol/data/sub/run $(MISSING) $(DIR)',
    '--data-dir=/host/vol/data/sub',
    '--advertise=https://127.64.1.2:2379',
    '/host/run/termination-message',
  ]);
  assert.equal(environment['DIR'], '/host/vol/data/sub');
  assert.equal(environment['PATH'], '/bin:/usr/bin');
  assert.equal(environment['KUBERNETES_SERVICE_PORT'], '6443');
  assert.equal(environment['HOSTNAME'], 'p-0');
  assert.equal(workingDirectory, '/host/vol/data/work');
});

test('a working directory that is not mounted becomes the private folder', () => {
  assert.equal(plan({ workingDir: '/app' }).workingDirectory, '/host/run/scratch');
});

test('without a command the entrypoint of the image runs with the args', () => {
  assert.deepEqual(plan({ args: ['-c', 'true'] }).argv, ['/bin/sh', '-c', 'true']);
});

test('subPath and subPathExpr cannot leave the volume', () => {
  const mount = (more: object) => ({ name: 'data', mountPath: '/data', ...more });
  const env = [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }];
  assert.equal(
    plan({ command: ['ls', '/data/x'], volumeMounts: [mount({ subPath: 'a/b' })] }).argv[1],
    '/host/vol/data/a/b/x',
  );
  const byName = plan({ command: ['ls', '/data'], env, volumeMounts: [mount({ subPathExpr: '$(POD)' })] });
  assert.equal(byName.argv[1], '/host/vol/data/p-0');
  assert.deepEqual(byName.subPaths, ['/host/vol/data/p-0']);
  refused(
    () => plan({ volumeMounts: [mount({ subPath: '../x' })] }),
    'CreateContainerConfigError',
    /leaves its volume/,
  );
});

test('variables from Secrets, ConfigMaps, fields and resources', () => {
  const { environment } = plan(
    {
      envFrom: [
        { prefix: 'CM_', configMapRef: { name: 'cm' } },
        { secretRef: { name: 'none', optional: true } },
      ],
      env: [
        { name: 'S', valueFrom: { secretKeyRef: { name: 's', key: 'a' } } },
        { name: 'OPTIONAL', valueFrom: { secretKeyRef: { name: 's', key: 'zz', optional: true } } },
        { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        { name: 'ACCOUNT', valueFrom: { fieldRef: { fieldPath: 'spec.serviceAccountName' } } },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '1m' } } },
        { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      ],
      resources: { requests: { cpu: '250m' }, limits: { memory: '1Gi' } },
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    },
    { secrets: { s: { a: 'secret $(NODE)' } } },
  );
  assert.equal(environment['CM_k'], 'v');
  assert.equal(environment['CM_path'], '/host/vol/data/z');
  assert.equal(environment['S'], 'secret $(NODE)', 'values from elsewhere are not expanded');
  assert.equal('OPTIONAL' in environment, false);
  assert.deepEqual(
    ['LABEL', 'NODE', 'ACCOUNT', 'CPU', 'MEMORY'].map((name) => environment[name]),
    ['x', 'n1', 'robot', '250', '1024'],
  );
});

test('an exec command is looked up like the main one', () => {
  const { command } = plan({
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    env: [{ name: 'F', value: '/data/f' }],
  });
  assert.deepEqual(command(['cat', '$(F)']), ['/bin/cat', '/host/vol/data/f']);
});

function refused(act: () => unknown, reason: string, message: RegExp): void {
  assert.throws(
    act,
    (error: unknown) =>
      error instanceof ContainerRefusal && error.reason === reason && message.test(error.message),
  );
}

test('pods that a process node cannot run are refused with a reason', () => {
  refused(
    () => plan({ image: 'nginx:1' }),
    'ErrImageNeverPull',
    /does not have the image nginx; it has busybox/,
  );
  refused(() => plan({ image: 'busybox:2' }), 'ErrImageNeverPull', /only as 1\.37, latest, not as 2/);
  refused(
    () => plan({ command: ['/usr/bin/no-such-program'] }),
    'CreateContainerError',
    /not have the program no-such-program/,
  );
  refused(
    () => plan({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 's', key: 'a' } } }] }),
    'CreateContainerConfigError',
    /Secret s does not exist/,
  );
  refused(() => plan({ livenessProbe: { grpc: { port: 1 } } }), 'CreateContainerConfigError', /grpc/);
});

test('image references are resolved by repository and tag', () => {
  for (const reference of [
    'busybox',
    'busybox:1.37',
    'docker.io/library/busybox:1.37',
    'busybox:1.37@sha256:00',
  ]) {
    assert.equal(findImage(images, reference), images.busybox);
  }
});

test('$(NAME) is expanded as Kubernetes does', () => {
  const variables = new Map([['A', '1']]);
  const cases = [
    ['$(A)', '1'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$(B)', '$(B)'],
    ['$A', '$A'],
    ['$(A', '$(A'],
    ['a$', 'a$'],
  ];
  for (const [text = '', expected] of cases) assert.equal(expandVariables(text, variables), expected);
});
