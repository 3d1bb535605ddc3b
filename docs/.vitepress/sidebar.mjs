/** A page's title in the sidebar, and its path in `docs/` without `.md`. */
const pages = (folder, titles) =>
  Object.entries(titles).map(([page, text]) => ({
    text,
    link: page === 'index' ? `/${folder}/` : `/${folder}/${page}`,
  }));

/** Every page of the documentation but the home page. `test/project/site.spec.ts` compares it with the files. */
export const groups = [
  {
    text: 'Start',
    items: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'The sample app', link: '/guides/sample-app' },
    ],
  },
  {
    text: 'Guides',
    items: pages('guides', {
      'protect-routes': 'Protect routes',
      'session-keys': 'Create session keys',
      wallets: 'Log in with a wallet',
      'your-users': 'Your users',
      widgets: "Use Coinflow's widgets",
      'calling-coinflow': 'Call the rest of Coinflow',
      webhooks: 'Receive webhooks',
      testing: 'Test your application',
      graphql: 'GraphQL',
      'sockets-and-streams': 'Sockets and streams',
      microservices: 'Microservices',
      'custom-guards': 'Custom guards and filters',
      migration: 'Migrate your own guard',
    }),
  },
  {
    text: 'Concepts',
    items: pages('concepts', {
      authentication: 'How a request is authenticated',
      'caching-and-revocation': 'Caching and revocation',
      'rate-budget': 'The rate budget',
      'webhook-delivery': 'How a webhook is delivered',
      'threat-model': 'Threat model',
    }),
  },
  {
    text: 'Operations',
    items: pages('operations', {
      'production-checklist': 'Production checklist',
      replicas: 'Run several replicas',
      redis: 'Redis',
      monitoring: 'Monitor',
      doctor: 'Doctor',
      troubleshooting: 'Troubleshooting',
      upgrading: 'Upgrade',
    }),
  },
  {
    text: 'Reference',
    items: pages('reference', {
      configuration: 'Configuration',
      errors: 'Errors',
      metrics: 'Decisions and metrics',
      'webhook-events': 'Webhook events',
      compatibility: 'Compatibility',
      benchmarks: 'Benchmarks',
    }),
  },
  {
    text: 'Emulator',
    items: pages('emulator', {
      index: 'The emulator',
      behaviour: 'What it emulates',
      'control-api': 'Control API',
    }),
  },
];

/** The groups with the pages that `scripts/build-site.mjs` generates in the reference: the changelog and the public API. */
export function sidebarWith(generated) {
  return groups.map((group) =>
    group.text === 'Reference' ? { ...group, items: [...group.items, ...generated] } : group,
  );
}
