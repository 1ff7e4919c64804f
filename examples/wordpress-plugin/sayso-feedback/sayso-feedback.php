<?php
/**
 * Plugin Name:       Sayso Feedback
 * Plugin URI:        https://github.com/sayso/sayso
 * Description:       Brings the feedback form of your own Sayso collector to every page, and into pages by [sayso_feedback].
 * Version:           0.1.0
 * Requires at least: 6.3
 * Requires PHP:      7.4
 * Author:            The Sayso authors
 * License:           Apache-2.0
 * License URI:       https://www.apache.org/licenses/LICENSE-2.0
 * Text Domain:       sayso-feedback
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

const SAYSO_FEEDBACK_COLLECTOR = 'sayso_feedback_collector';
const SAYSO_FEEDBACK_SITE      = 'sayso_feedback_site';

/** The origin of a collector, without a path; empty for what is none. */
function sayso_feedback_sanitize_collector( $typed ) {
	$parts = wp_parse_url( esc_url_raw( trim( (string) $typed ), array( 'https', 'http' ) ) );
	if ( empty( $parts['scheme'] ) || empty( $parts['host'] ) ) {
		return '';
	}
	return $parts['scheme'] . '://' . $parts['host'] . ( isset( $parts['port'] ) ? ':' . (int) $parts['port'] : '' );
}

/** The key of a site: small letters, digits and hyphens. */
function sayso_feedback_sanitize_site( $typed ) {
	return preg_replace( '/[^a-z0-9-]/', '', strtolower( (string) $typed ) );
}

add_action(
	'wp_enqueue_scripts',
	function () {
		$collector = get_option( SAYSO_FEEDBACK_COLLECTOR, '' );
		if ( ! $collector || ! get_option( SAYSO_FEEDBACK_SITE, '' ) ) {
			return;
		}
		// The collector's own short caching tells one version of the script from the next.
		// phpcs:ignore WordPress.WP.EnqueuedResourceParameters.MissingVersion
		wp_enqueue_script( 'sayso-feedback', $collector . '/sayso.js', array(), null, array( 'strategy' => 'async', 'in_footer' => true ) );
	}
);

add_filter(
	'wp_script_attributes',
	function ( $attributes ) {
		if ( isset( $attributes['id'] ) && 'sayso-feedback-js' === $attributes['id'] ) {
			$attributes['data-site'] = get_option( SAYSO_FEEDBACK_SITE, '' );
			$attributes['data-lang'] = get_bloginfo( 'language' );
		}
		return $attributes;
	}
);

add_shortcode(
	'sayso_feedback',
	function ( $attributes ) {
		$attributes = shortcode_atts( array( 'kind' => '' ), $attributes, 'sayso_feedback' );
		$kind       = in_array( $attributes['kind'], array( 'complaint', 'suggestion', 'question', 'praise' ), true ) ? $attributes['kind'] : '';
		return sprintf(
			'<sayso-feedback site="%s"%s></sayso-feedback>',
			esc_attr( get_option( SAYSO_FEEDBACK_SITE, '' ) ),
			$kind ? ' kind="' . esc_attr( $kind ) . '"' : ''
		);
	}
);

add_action(
	'admin_init',
	function () {
		register_setting( 'sayso_feedback', SAYSO_FEEDBACK_COLLECTOR, array( 'type' => 'string', 'sanitize_callback' => 'sayso_feedback_sanitize_collector' ) );
		register_setting( 'sayso_feedback', SAYSO_FEEDBACK_SITE, array( 'type' => 'string', 'sanitize_callback' => 'sayso_feedback_sanitize_site' ) );
	}
);

add_action(
	'admin_menu',
	function () {
		add_options_page( __( 'Sayso Feedback', 'sayso-feedback' ), __( 'Sayso Feedback', 'sayso-feedback' ), 'manage_options', 'sayso-feedback', 'sayso_feedback_page' );
	}
);

/** The page of the settings. The settings API brings the nonce and checks it. */
function sayso_feedback_page() {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	?>
	<div class="wrap">
		<h1><?php echo esc_html( get_admin_page_title() ); ?></h1>
		<form action="options.php" method="post">
			<?php settings_fields( 'sayso_feedback' ); ?>
			<table class="form-table" role="presentation">
				<tr>
					<th scope="row"><label for="sayso-feedback-collector"><?php esc_html_e( 'Address of your collector', 'sayso-feedback' ); ?></label></th>
					<td><input class="regular-text" type="url" required id="sayso-feedback-collector" name="<?php echo esc_attr( SAYSO_FEEDBACK_COLLECTOR ); ?>" value="<?php echo esc_attr( get_option( SAYSO_FEEDBACK_COLLECTOR, '' ) ); ?>" placeholder="https://feedback.example.com"></td>
				</tr>
				<tr>
					<th scope="row"><label for="sayso-feedback-site"><?php esc_html_e( 'Key of the site', 'sayso-feedback' ); ?></label></th>
					<td><input class="regular-text" required id="sayso-feedback-site" name="<?php echo esc_attr( SAYSO_FEEDBACK_SITE ); ?>" value="<?php echo esc_attr( get_option( SAYSO_FEEDBACK_SITE, '' ) ); ?>" placeholder="acme"></td>
				</tr>
			</table>
			<?php submit_button(); ?>
		</form>
	</div>
	<?php
}
