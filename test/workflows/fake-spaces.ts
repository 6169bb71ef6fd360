import type { Activities } from '../../activities/index.ts';
import type { SpaceRef, UnplacedSpace } from '../../contracts/instance-ref.ts';

/** What a space left in the connected cluster and the management API. */
export interface FakeSpace {
  namespace: boolean;
  access: boolean;
  closed: boolean;
  stopped: boolean;
  finalizer: boolean;
  readonly reports: Parameters<Activities['reportSpace']>[0][];
}

const names = [
  'placeSpace',
  'findSpacePlace',
  'findSpaceRemains',
  'reportSpace',
  'releaseSpace',
  'applySpaceNamespace',
  'deleteSpaceNamespace',
  'waitForSpaceNamespaceDeleted',
  'applySpaceAccess',
  'closeSpace',
  'openSpace',
  'stopSpaceWorkloads',
  'resumeSpaceWorkloads',
  'deleteSpacePods',
  'waitForSpacePodsEnded',
] as const;
export type SpaceActivityName = (typeof names)[number];
type SpaceActivities = Pick<Activities, SpaceActivityName>;

/**
 * The activities of spaces, typed as the real ones, over a connected cluster in memory.
 * @param entering what happens before an activity acts on the space called `space <name>`
 */
export function createFakeSpaces(entering: (name: string, activity: SpaceActivityName) => Promise<void>) {
  const spaces = new Map<string, FakeSpace>();
  const spaceOf = (name: string): FakeSpace => {
    const known = spaces.get(name);
    if (known) return known;
    const made = {
      namespace: false,
      access: false,
      closed: false,
      stopped: false,
      finalizer: true,
      reports: [],
    };
    spaces.set(name, made);
    return made;
  };
  const place = (space: UnplacedSpace): SpaceRef => ({
    ...space,
    cluster: 'local',
    hostNamespace: `loft-${space.project}-s-${space.name}`,
  });
  const acts: Partial<Record<SpaceActivityName, (input: never, space: FakeSpace) => unknown>> = {
    placeSpace: ({ space }: { space: UnplacedSpace }, { namespace }) => ({
      space: place(space),
      targetHash: 'hash-1',
      made: namespace,
    }),
    findSpacePlace: ({ space }: { space: UnplacedSpace }) => ({ space: place(space) }),
    findSpaceRemains: ({ space }: { space: UnplacedSpace }) => ({ space: place(space) }),
    reportSpace: (report: FakeSpace['reports'][number], { reports }) => void reports.push(report),
    releaseSpace: (_: never, space) => void (space.finalizer = false),
    applySpaceNamespace: (_: never, space) => void (space.namespace = true),
    deleteSpaceNamespace: (_: never, space) => {
      Object.assign(space, { namespace: false, access: false });
      return { volumes: [] };
    },
    applySpaceAccess: (_: never, space) => void (space.access = true),
    closeSpace: (_: never, space) => void (space.closed = true),
    openSpace: (_: never, space) => void (space.closed = false),
    stopSpaceWorkloads: (_: never, space) => void (space.stopped = true),
    resumeSpaceWorkloads: (_: never, space) => void (space.stopped = false),
  };
  const activities = Object.fromEntries(
    names.map((activity) => [
      activity,
      async (input: { space: { name: string } }) => {
        const { name } = input.space;
        await entering(`space ${name}`, activity);
        return acts[activity]?.(input as never, spaceOf(name));
      },
    ]),
  ) as unknown as SpaceActivities;
  return { activities, spaceOf };
}
