import { upgrades } from './upgrade-cases.ts';

upgrades('directly');
