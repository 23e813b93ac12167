export { dataPath, type RequirementName, requirement } from './requirement.ts';
