import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** What an error says is read by people, not held word by word by tests: texts inside `new SomeError(…)` stay as they are. */
const errorTexts = {
  shouldIgnore(path) {
    if (!path.isStringLiteral() && !path.isTemplateLiteral()) return undefined;
    const outside = path.findParent((parent) => parent.isNewExpression() || parent.isFunction());
    const isError = outside?.isNewExpression() && /Error$/.test(outside.node.callee.name ?? '');
    return isError ? 'the text of an error' : undefined;
  },
};
export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'error-texts', errorTexts)];
