// Types only: what is beside this file says what <sayso-feedback> takes in JSX.
export {}
