import js from '@eslint/js';
import globals from 'globals';

const MARKUP = ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'dangerouslySetInnerHTML'];
const TEXT = 'What users can set is text, never markup.';

const rules = {
  ...js.configs.recommended.rules,
  'no-eval': 'error',
  'no-implied-eval': 'error',
  'no-new-func': 'error',
  'no-script-url': 'error',
  'no-restricted-properties': [
    'error',
    ...MARKUP.map((property) => ({ property, message: TEXT })),
    { object: 'document', property: 'write', message: TEXT },
  ],
  'no-restricted-syntax': [
    'error',
    { selector: 'Property[key.name="dangerouslySetInnerHTML"]', message: TEXT },
    {
      selector: 'TemplateElement[value.raw=/(dangerouslySetInnerHTML|\\sstyle="|\\son[a-z]+=")/]',
      message: 'The content security policy forbids inline styles and scripts.',
    },
  ],
  eqeqeq: 'error',
  curly: 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'none' }],
  'no-console': ['error', { allow: ['error'] }],
};

export default [
  { ignores: ['**/node_modules/**'] },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { ecmaVersion: 2023, sourceType: 'module', globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules,
  },
  {
    files: ['src/test/console/**'],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: { 'no-console': 'off', 'no-restricted-properties': 'off' },
  },
];
