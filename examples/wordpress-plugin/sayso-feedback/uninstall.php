<?php
/**
 * Takes away what the plugin has kept.
 *
 * @package sayso-feedback
 */

if ( ! defined( 'WP_UNINSTALL_PLUGIN' ) ) {
	exit;
}

delete_option( 'sayso_feedback_collector' );
delete_option( 'sayso_feedback_site' );
