/** One call as it went over the wire: the bytes of both messages in base64. */
export interface RecordedCall {
  readonly request: string;
  readonly answer: string;
}

/** One real transaction's two calls: what the echoes are sized after. */
export interface Recorded {
  readonly create: RecordedCall;
  readonly submit: RecordedCall;
}
