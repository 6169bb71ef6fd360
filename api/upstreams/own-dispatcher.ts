import { Dispatcher } from 'undici';

/** A dispatcher that sends by `send`. (What `compose` gives is a Proxy that copies the options of every request.) */
export class OwnDispatcher extends Dispatcher {
  private readonly send: Dispatcher['dispatch'];

  constructor(send: Dispatcher['dispatch']) {
    super();
    this.send = send;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.send(options, handler);
  }
}
