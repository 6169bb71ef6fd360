import { upgrades } from './upgrade-cases.ts';

upgrades('through a tunnel');
