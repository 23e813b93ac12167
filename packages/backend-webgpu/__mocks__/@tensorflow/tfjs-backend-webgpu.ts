// As Node says it where the package is not installed.
throw Object.assign(new Error('Cannot find package, imported from a folder'), { code: 'ERR_MODULE_NOT_FOUND' });
