export {
  type Availability,
  NoTfjsBackendError,
  type TfjsBackend,
  type TfjsBackendChoice,
  type TfjsBackendInfo,
  useFirstTfjsBackend,
} from './tfjs-backend.ts';
