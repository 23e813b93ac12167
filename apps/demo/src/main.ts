import { createActions } from './actions.ts';
import { connectControls } from './controls.ts';
import { startSession } from './session.ts';
import { initialState } from './state.ts';
import { createStore } from './store.ts';
import { answerView } from './view/answer-view.ts';
import { controlsView } from './view/controls-view.ts';
import { deviceView } from './view/device-view.ts';
import { modelView } from './view/model-view.ts';
import { pictureView } from './view/picture-view.ts';

const store = createStore(initialState);
const actions = createActions(store, startSession);
for (const view of [controlsView, deviceView, modelView, pictureView, answerView]) store.subscribe(view(actions));
connectControls(actions);
void actions.start();
