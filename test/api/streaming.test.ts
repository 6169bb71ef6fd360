import { streaming } from './streaming-cases.ts';

streaming('directly');
