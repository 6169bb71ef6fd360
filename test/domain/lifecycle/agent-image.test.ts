import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageOfVersion } from '../../../domain/lifecycle/agent-image.ts';

test('another version of an image has its repository, and the version as tag', () => {
  const images: Record<string, string> = {
    agent: 'agent:2',
    'vcluster-platform/agent:1': 'vcluster-platform/agent:2',
    'registry.example.com:5000/fleet/agent': 'registry.example.com:5000/fleet/agent:2',
    'registry.example.com:5000/fleet/agent:1': 'registry.example.com:5000/fleet/agent:2',
    'fleet/agent:1@sha256:0123': 'fleet/agent:2',
    'localhost:5000/agent@sha256:0123': 'localhost:5000/agent:2',
  };
  for (const [image, expected] of Object.entries(images)) assert.equal(imageOfVersion(image, '2'), expected);
});
