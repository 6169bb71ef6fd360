import { streaming } from './streaming-cases.ts';

streaming('through a tunnel');
